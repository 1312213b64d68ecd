"""Keys of a config.json that no family needs to read."""

HARMLESS = frozenset(
    """
    _attn_implementation _attn_implementation_autoset _flash_attn_2_enabled _name_or_path
    activation_dropout adapters architectures attention_dropout attention_probs_dropout_prob
    attn_implementation attn_pdrop auto_map bad_words_ids begin_suppress_tokens bos_token_id
    cache_implementation chunk_size_feed_forward classif_dropout classifier_activation
    classifier_bias classifier_dropout classifier_dropout_prob classifier_pooling cls_token_id
    custom_pipelines decoder_bias decoder_layerdrop decoder_start_token_id
    deterministic_flash_attn directionality diversity_penalty do_sample dropout dropout_rate
    dtype early_stopping embd_pdrop embed_dropout embedding_dropout encoder_layerdrop
    encoder_no_repeat_ngram_size eos_token_id eos_token_ids exponential_decay_length_penalty
    extra_pos_embeddings ff_factor finetuning_task force_bos_token_to_be_generated
    forced_bos_token_id forced_eos_token_id gradient_checkpointing gradient_checkpointing_kwargs
    hidden_dropout hidden_dropout_prob id2label init_std initializer_cutoff_factor
    initializer_factor initializer_range is_llama_config keys_to_ignore_at_inference label2id
    label_smoothing_factor language layerdrop learned_embeddings length_penalty loss_type
    mask_token_id max_length max_sequence_length min_length mlp_dropout model_max_length
    model_type name_or_path no_repeat_ngram_size num_beam_groups num_beams num_labels
    num_return_sequences output_attentions output_hidden_states output_past output_scores
    pad_token_id pooler_dropout pooler_fc_size pooler_hidden_act pooler_hidden_size
    pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head pooler_type prefix
    pretraining_tp problem_type qa_dropout reference_compile remove_invalid_values
    repad_logits_with_grad repetition_penalty replacing_rate resid_dropout resid_pdrop
    return_dict return_dict_in_generate rope_interleaved save_attention save_step
    scale_embeddings sentence_transformers sep_token_id seq_classif_dropout
    sparse_pred_ignore_index sparse_prediction static_position_embeddings summary_activation
    summary_first_dropout summary_last_dropout summary_proj_to_labels summary_type
    summary_use_proj suppress_tokens task_specific_params temperature tf_legacy_loss
    tie_encoder_decoder tie_weights_ tie_word_embeddings tokenizer_class top_k top_p torch_dtype
    torchscript transformers.js_config transformers_version typical_p unk_token_id unsloth_fixed
    unsloth_version use_bfloat16 use_cache use_flash_attn
    """.split()  # noqa: SIM905
)
"""Keys that say nothing about the numbers of a forward pass: training, sampling, labels, ids."""
